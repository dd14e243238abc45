# %% [markdown]
# # Start here: find 68 points on a face
#
# **After this notebook you can**
#
# - find a face in a photograph, and 68 points on it, in three lines of Python;
# - say what the 68 points are, which region a number belongs to, and how other annotation schemes relate to
#   them;
# - tell the points of a 2D face from those of a 3D face;
# - measure and paint with facial points, and name what people build on them.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# The exercises take about 20 minutes, the questions 10. **Needs:** a little Python and NumPy. No download:
# faces and models came with the course.
#
# Run a cell with <kbd>Shift</kbd> + <kbd>Enter</kbd>, from top to bottom. The first one loads NumPy and the
# course's own package, `facelm_helpers`; `plots.setup()` sets the look of the pictures. Answers are in the
# SOLUTIONS_LINK.

# %% [markdown] lang="zh"
# # 从这里开始：在人脸上找到 68 个关键点
#
# **学完本节，你能够**
#
# - 用三行 Python 在照片中找到人脸，并定位其上的 68 个关键点；
# - 说出这 68 个点各是什么、某个编号属于哪个区域，以及其他标注方案与它们的关系；
# - 区分 2D 人脸的点与 3D 人脸的点；
# - 用人脸关键点做测量和绘制，并列举基于关键点的应用。
#
# **时间：** 阅读约 READING_MINUTES 分钟，计算约 COMPUTING_SECONDS 秒。练习约 20 分钟，思考题约 10 分钟。**准
# 备：** 少量 Python 和 NumPy 基础。无需下载：人脸和模型已随课程提供。
#
# 按 <kbd>Shift</kbd> + <kbd>Enter</kbd> 从上到下逐个运行单元格。第一个单元格加载 NumPy 和课程自带的包
# `facelm_helpers`；`plots.setup()` 设定图的样式。答案见 SOLUTIONS_LINK。

# %%
import numpy as np
import skimage.data
from scipy.spatial import Delaunay
from skimage.draw import polygon2mask

from facelm_helpers import landmarks, methods, plots, sources
from facelm_helpers.checks import start_here as check
from facelm_helpers.detectors import detect
from facelm_helpers.faces import crop
from facelm_helpers.geometry import apply_transform
from facelm_helpers.sources.synthetic import turning_head

plots.setup()

# %% [markdown]
# ## A photograph
#
# To a computer a photograph is an array of numbers: rows, columns, and three colours from 0 to 255. This
# one shows the astronaut Eileen Collins (NASA, public domain); it comes with scikit-image.

# %% [markdown] lang="zh"
# ## 一张照片
#
# 对计算机来说，照片就是一个数组：行、列，以及取值 0 到 255 的三个颜色分量。这张照片是宇航员 Eileen
# Collins（NASA，公有领域），由 scikit-image 附带。

# %%
photograph = skimage.data.astronaut()
photograph.shape, photograph.dtype

# %% [markdown]
# ## First: where is the face?
#
# A **detector** returns a *box* for every face: left, top, right and bottom edge, in pixels, counted from
# the upper left corner of the picture. The detector of *dlib*, a library that the course uses often, slides
# a window over the picture at many scales. (`upsample=1` would enlarge the picture first: that finds
# smaller faces, but here it also reports a false positive.)

# %% [markdown] lang="zh"
# ## 第一步：人脸在哪里？
#
# **检测器**为每张人脸返回一个*人脸框*：左、上、右、下四条边，单位为像素，从图像左上角起算。课程经常用到
# *dlib* 库，它的检测器用一个窗口在多个尺度上滑过图像。（`upsample=1` 会先放大图像，从而找到更小的人脸；但在这
# 张照片上还会多报一个误检。）

# %%
boxes = detect(photograph, upsample=0)
boxes

# %% [markdown]
# ## Then: where are its points?
#
# **Face alignment** starts from the box and finds the *landmarks*: 68 agreed points on the face. One line
# loads an aligner, one line runs it. The result has the shape (faces, points, 2): an $x$ and a $y$ for each
# point.

# %% [markdown] lang="zh"
# ## 第二步：关键点在哪里？
#
# **人脸对齐**从人脸框出发，定位*关键点*：人脸上约定好的 68 个点。一行代码加载对齐器，一行代码运行。结果的形状
# 为（人脸，点，2）：每个点有一个 $x$ 和一个 $y$。

# %%
aligner = methods.load("dlib")
points = aligner.predict([photograph], boxes)
points.shape

# %% [markdown]
# For a closer look, `crop` cuts out a square round the box and returns it with the *transform*, which maps
# pixels of the photograph to pixels of the crop. On the left the photograph with dlib's box, which leaves
# out the chin (its aligner was trained with such boxes); on the right the crop with the points.

# %% [markdown] lang="zh"
# 为了看得更清楚，`crop` 在人脸框周围裁出一个正方形，同时返回*变换*，它把照片的像素坐标映射到裁剪图的像素坐
# 标。左图是照片和 dlib 的人脸框，框没有包含下巴（它的对齐器就是用这样的框训练的）；右图是裁剪图和关键点。

# %%
close_up, transform = crop(photograph, boxes[0], size=400)
x = apply_transform(transform, points[0])
plots.show(plots.faces_grid([photograph, close_up], [None, x], boxes=[boxes[0], None], columns=2))
# ALT Left: an astronaut in an orange suit smiles at us, a white box round her face. Right: her face, large,
# ALT with blue dots along the jaw from ear to ear, orange ones on the eyebrows, green ones on the nose,
# ALT pink ones round the eyes and red ones round the lips.

# %% [markdown]
# The paper behind this aligner is called [*One Millisecond Face
# Alignment*](https://doi.org/10.1109/CVPR.2014.241), and on today's machines it takes a few milliseconds.
#
# ## Another method, the same call
#
# Every aligner in the course is used like this one. dlib's is a cascade of regression trees; **SENet** is a
# convolutional network with [*squeeze-and-excitation*](https://doi.org/10.1109/CVPR.2018.00745) gates, the
# main subject of the course. The same face, the same box:

# %% [markdown] lang="zh"
# 这个对齐器背后的论文题为 [*One Millisecond Face Alignment*](https://doi.org/10.1109/CVPR.2014.241)，在今天的
# 机器上它需要几毫秒。
#
# ## 换一种方法，调用不变
#
# 课程中的每个对齐器都这样使用。dlib 的方法是级联回归树；**SENet** 是带有[*压缩与激
# 励*](https://doi.org/10.1109/CVPR.2018.00745)门的卷积网络，也是本课程的主角。同一张人脸，同一个框：

# %%
senet_points = methods.load("senet").predict([photograph], boxes)
both = {"dlib": x, "SENet": apply_transform(transform, senet_points[0])}
plots.show(plots.compare(close_up, both))
# ALT The close-up twice, with the 68 points of dlib on the left and those of SENet on the right. Both follow
# ALT jaw, brows, nose, eyes and mouth; here and there they differ by a little.

# %% [markdown]
# Which one is better? One face cannot tell us. Notebook 01 shows how to measure it.
#
# ## Every point has a number
#
# The numbers matter: point 30 is the tip of the nose on *every* face, so that two faces can be compared
# point by point. This annotation scheme, or *mark-up*, was made for the photographs of
# [Multi-PIE](https://doi.org/10.1016/j.imavis.2009.08.002) (2010); the [300-W
# challenge](https://doi.org/10.1109/ICCVW.2013.59) (2013) made it the standard. "Left" and "right" are as
# *you* see the picture, and the numbers start at 0.

# %% [markdown] lang="zh"
# 哪一个更好？一张人脸说明不了问题。如何衡量，见 notebook 01。
#
# ## 每个点都有编号
#
# 编号很重要：在*每张*脸上，30 号点都是鼻尖，因此两张人脸可以逐点比较。这套标注方案（*mark-up*）最初为
# [Multi-PIE](https://doi.org/10.1016/j.imavis.2009.08.002)（2010）的照片制定，[300-W 竞
# 赛](https://doi.org/10.1109/ICCVW.2013.59)（2013）使它成为标准。“左”和“右”以*你*看图的方向为准，编号从 0 开
# 始。

# %%
plots.show(plots.markup(x))
# ALT The 68 points without the photograph, numbered. 0 to 16 run along the jaw from left to right, 17 to 26
# ALT along the brows, 27 to 35 down the nose, 36 to 47 round the eyes, 48 to 67 round the lips.

# %% [markdown]
# Throughout the course each region has its own colour:

# %% [markdown] lang="zh"
# 整个课程中，每个区域都有固定的颜色：

# %%
for region, index in landmarks.REGIONS.items():
    print(f"{region:6} points {index[0]:2} to {index[-1]}")

# %% [markdown]
# ### Exercise 1 ★
#
# The distance between the *outer* corners of the eyes is the classic **normaliser**: the next notebook
# divides errors by it. Which two points are they? Read their numbers off the picture.

# %% [markdown] lang="zh"
# ### 练习 1 ★
#
# 两个*外*眼角之间的距离是最经典的**归一化因子**：下一个 notebook 把误差都除以它。它们是哪两个点？从图中读出编
# 号。

# %% tags=["exercise"]
# SOLUTION
outer_corners = [36, 45]
# END SOLUTION
# STUB outer_corners = [..., ...]

# %%
check.outer_corners(outer_corners)

# %% [markdown]
# ### Exercise 2 ★★
#
# A smile makes the mouth wider. To compare photographs of different sizes, divide the width of the mouth
# (point 48 to point 54) by the distance between the outer eye corners. Write the function; `p` is (68, 2),
# point 48 is `p[48]`, and `np.linalg.norm(a - b)` is the distance between two points.

# %% [markdown] lang="zh"
# ### 练习 2 ★★
#
# 微笑会使嘴变宽。为了比较大小不同的照片，用嘴宽（48 号点到 54 号点）除以两外眼角间距离。写出这个函数；`p` 的
# 形状为 (68, 2)，48 号点是 `p[48]`，`np.linalg.norm(a - b)` 是两点间的距离。


# %% tags=["exercise"]
def mouth_ratio(p):
    """Width of the mouth divided by the distance between the outer eye corners."""
    # SOLUTION
    return np.linalg.norm(p[48] - p[54]) / np.linalg.norm(p[36] - p[45])
    # END SOLUTION
    # STUB return ...


# %%
check.mouth_ratio(mouth_ratio)

# %% [markdown]
# You will use it in a moment. (`check.ready` below takes your function as soon as its check says Right, and
# the course's own until then.)
#
# ## The faces in this course
#
# The faces that you work with are **synthetic**. A statistical model of shape and texture, learnt from
# thousands of photographs, generates a new face whenever you ask: it blends several people's features,
# varies them, and changes light and background. Nobody in these pictures exists; the points are known
# exactly, because the face was rendered from them; and the supply is unlimited. The same `seed` gives
# everybody the same faces. Each comes with its points and with its *tight* box, the smallest one that holds
# them.

# %% [markdown] lang="zh"
# 稍后就会用到它。（下面的 `check.ready` 在检查显示 Right 之后使用你的函数，在此之前使用课程自带的函数。）
#
# ## 本课程的人脸
#
# 你使用的人脸是**合成**的。一个从数千张照片学得的形状与纹理统计模型，可以随时生成新的人脸：它混合若干人的特
# 征，加以变化，并改变光照和背景。图中的人都不存在；关键点精确已知，因为人脸就是由它们渲染出来的；而且数量不
# 限。同一个 `seed` 让所有人得到同样的人脸。每张人脸都附带关键点及其*紧致*框，即包含全部关键点的最小矩形。

# %%
faces = sources.load("synthetic", n=60, seed=0, progress=False)
faces

# %%
plots.show(plots.faces_grid(faces.images[:8], faces.points[:8], boxes=faces.boxes[:8], columns=4))
# ALT Eight synthetic faces with their boxes and with 68 coloured dots on each, also where a face is turned
# ALT away.

# %% [markdown]
# A first measurement: your `mouth_ratio` of all sixty, and the four with the narrowest and with the widest
# mouth. Do all the wide ones smile? Which heads are turned?

# %% [markdown] lang="zh"
# 第一次测量：对这六十张脸计算你的 `mouth_ratio`，并显示嘴最窄和最宽的各四张。嘴宽的都在笑吗？哪些头部
# 是侧转的？

# %%
ratio = np.array([check.ready(mouth_ratio)(p) for p in faces.points])
order = np.argsort(ratio)
some = [*order[:4], *order[-4:]]
plots.show(plots.faces_grid(faces.images[some], titles=[f"{r:.2f}" for r in ratio[some]], columns=4))
# ALT Two rows of four faces. The number above each rises from the first row, with narrow mouths, to the
# ALT second, with wide ones.

# %% [markdown]
# A wide mouth is often a smile. But when a head turns, eyes and mouth become narrower in the picture, and
# not by the same factor, so the ratio mixes expression with pose. Notebook 01 is about such traps.
#
# How does dlib, which was trained on photographs, do on these faces? It starts from the tight boxes, not
# from those of its own detector. **Predict first:** on which of the first four faces above will it be
# furthest off, and at which points? In the picture its points are dots; white crosses are the ground truth,
# and a line joins each dot to its cross.

# %% [markdown] lang="zh"
# 嘴宽往往意味着微笑。但头部转动时，眼睛和嘴在图像中都会变窄，而且变窄的比例不同，所以这个比值混入了姿态的影
# 响。notebook 01 专门讨论这类陷阱。
#
# dlib 是用照片训练的，它在这些人脸上表现如何？这里从紧致框开始，而不是从它自己的检测器给出的框开始。**先预
# 测：** 上面前四张脸中，它在哪一张上偏差最大，在哪些点上？图中圆点是 dlib 的结果，白色十字是真值，每个圆点与
# 它的十字之间连一条线。

# %% tags=["hide-output"]
guesses = aligner.predict(faces.images[:4], faces.boxes[:4])
plots.show(plots.faces_grid(faces.images[:4], guesses, truth=faces.points[:4], columns=2))
# ALT Four synthetic faces with dlib's dots, each joined by a line to the white cross of its truth: short
# ALT lines where a face looks ahead, longer ones where it is turned away.

# %% [markdown]
# *How* close, in a number that is fair to large and small faces, and whether it was fair to give dlib these
# boxes, are questions for the [next notebook](01_measuring_error.ipynb).
#
# ## 2D faces and 3D faces
#
# Turn your head, and part of your jaw disappears behind your cheek. Where are its points then?
#
# - **2D points** stay on what is *visible*: the jaw's points slide along the visible contour of the face.
# - **3D points** stay on the *same spot of the head*, visible or occluded; they have a depth $z$ as well.
#
# Below is the average of the model's faces at two angles. (Its 3D points were computed from the way its 2D
# points move as it turns: *structure from motion*.)

# %% [markdown] lang="zh"
# *有多*接近？怎样的数值对大脸和小脸都公平？给 dlib 这样的框又是否公平？这些问题留给[下一个
# notebook](01_measuring_error.ipynb)。
#
# ## 2D 人脸与 3D 人脸
#
# 转动头部，下颌的一部分就消失在脸颊后面。这时它的关键点在哪里？
#
# - **2D 点**留在*可见*处：下颌的点沿人脸的可见轮廓滑动。
# - **3D 点**留在*头部的同一位置*，无论可见还是被遮挡；它们还有深度 $z$。
#
# 下面是模型的平均人脸在两个角度下的样子。（它的 3D 点由 2D 点随转动而产生的运动算出，即*运动恢复结构*。）

# %%
plots.show(plots.jaws(turning_head()))
# ALT The average face from the front, where 2D and 3D jaw points coincide, and turned by 40 degrees, where
# ALT the 2D points of the far side lie on the outline of the cheek and the 3D points, hollow, well inside
# ALT the face. Below both the head from above: the spot by the far ear is behind the cheek, whose edge the
# ALT camera sees instead.

# %% [markdown]
# From the front the two agree. At 40 degrees the far half of the 2D jaw marks other spots of the head than
# before: a *different* point with the *same* number. Two data sets of the same faces, one with 2D and one
# with 3D points ([300W-LP](https://doi.org/10.1109/CVPR.2016.23) has both), give different errors for the
# same prediction. Most of this course is about 2D points; [notebook 08](08_three_dimensions.ipynb) is about
# 3D, where a whole surface is fitted instead of 68 points.
#
# ## How many points?
#
# As many as the application needs, and as the annotators could afford:
#
# | points | where | what for |
# |---|---|---|
# | 5 | [CelebA], [MTCNN] | eyes, nose, mouth corners: enough to straighten a face before recognising it |
# | 20 | [BioID] | one of the first public sets (2001) |
# | 21 | [AFLW] | any pose up to full profile; occluded points are not annotated |
# | 29 | [LFPW], [COFW] | real-life photographs; COFW also says which points are occluded |
# | 68 | [300-W], [300W-LP] | this course: jaw, brows, nose, eyes and lips |
# | 98 | [WFLW] | finer jaw, brows and lids than the 68, and the pupils (some lists say 96) |
# | 194 | [HELEN] | dense contours, annotated by hand (some lists say 192, or 29) |
# | 1,000 and 8,000 | Megvii (Face++) | commercial: dense points for make-up and 3D |
#
# [CelebA]: https://doi.org/10.1109/ICCV.2015.425
# [MTCNN]: https://doi.org/10.1109/LSP.2016.2603342
# [BioID]: https://doi.org/10.1007/3-540-45344-X_14
# [AFLW]: https://doi.org/10.1109/ICCVW.2011.6130513
# [LFPW]: https://doi.org/10.1109/CVPR.2011.5995602
# [COFW]: https://doi.org/10.1109/ICCV.2013.191
# [300-W]: https://doi.org/10.1109/ICCVW.2013.59
# [300W-LP]: https://doi.org/10.1109/CVPR.2016.23
# [WFLW]: https://doi.org/10.1109/CVPR.2018.00227
# [HELEN]: https://doi.org/10.1007/978-3-642-33712-3_49
#
# Small schemes can mostly be derived from large ones: 51 is 68 without the jaw, and the centre of an eye is
# nearly the mean of its lids. Points that the 68 lack are estimated from their neighbours: the ear lobes of
# the 21, the lower edges of the brows in the 29, and 30 of the 98. Points of schemes other than the 68 are
# yellow.

# %% [markdown] lang="zh"
# 正面时两者一致。转到 40 度时，远侧一半的 2D 下颌点标在头部的其他位置上：编号*相同*，点却*不同*。同样的人脸，
# 一套数据集用 2D 点，一套用 3D 点（[300W-LP](https://doi.org/10.1109/CVPR.2016.23) 两者都有），同一个预测会得
# 到不同的误差。本课程大部分内容针对 2D 点；[notebook 08](08_three_dimensions.ipynb) 讲 3D，拟合的是整个曲面，
# 而不是 68 个点。
#
# ## 需要多少个点？
#
# 取决于应用需要多少，以及标注者负担得起多少：
#
# | 点数 | 出处 | 用途 |
# |---|---|---|
# | 5 | [CelebA], [MTCNN] | 眼睛、鼻子、嘴角：足以在识别前把人脸摆正 |
# | 20 | [BioID] | 最早的公开数据集之一（2001） |
# | 21 | [AFLW] | 直到全侧脸的任意姿态；被遮挡的点不标注 |
# | 29 | [LFPW], [COFW] | 真实场景照片；COFW 还标出哪些点被遮挡 |
# | 68 | [300-W], [300W-LP] | 本课程：下颌、眉毛、鼻子、眼睛和嘴唇 |
# | 98 | [WFLW] | 下颌、眉毛和眼睑比 68 点更细，另有瞳孔（有的资料写作 96） |
# | 194 | [HELEN] | 人工标注的稠密轮廓（有的资料写作 192 或 29） |
# | 1,000 和 8,000 | 旷视（Face++） | 商业方案：用于美妆和 3D 的稠密点 |
#
# [CelebA]: https://doi.org/10.1109/ICCV.2015.425
# [MTCNN]: https://doi.org/10.1109/LSP.2016.2603342
# [BioID]: https://doi.org/10.1007/3-540-45344-X_14
# [AFLW]: https://doi.org/10.1109/ICCVW.2011.6130513
# [LFPW]: https://doi.org/10.1109/CVPR.2011.5995602
# [COFW]: https://doi.org/10.1109/ICCV.2013.191
# [300-W]: https://doi.org/10.1109/ICCVW.2013.59
# [300W-LP]: https://doi.org/10.1109/CVPR.2016.23
# [WFLW]: https://doi.org/10.1109/CVPR.2018.00227
# [HELEN]: https://doi.org/10.1007/978-3-642-33712-3_49
#
# 点数少的方案大多可由点数多的方案导出：51 点就是 68 点去掉下颌，眼睛中心近似为眼睑各点的平均。68 点中没有的点
# 由邻近点估计：21 点的耳垂、29 点的眉毛下缘，以及 98 点中的 30 个。不属于 68 点方案的点画成黄色。

# %%
names = ("5", "21", "29", "51", "68", "98")
shown = {f"{name} points": landmarks.convert(x, name) for name in names}
plots.show(plots.compare(close_up, shown, columns=3))
# ALT Six copies of the astronaut's face with 5, 21, 29, 51, 68 and 98 points. With more points the outlines
# ALT of eyes, mouth and jaw become finer.

# %% [markdown]
# What would a thousand look like? Join the 68 by triangles, put a point in the middle of every side, and
# again. (Only an impression of the density: these points lie between known ones, while a dense scheme such
# as Megvii's follows the skin's real surface.)

# %% [markdown] lang="zh"
# 一千个点是什么样子？把 68 个点连成三角形，在每条边的中点加一个点，再重复。（这只是密度的示意：这些点落在已知
# 点之间，而旷视那样的稠密方案贴合皮肤的真实表面。）


# %%
def denser(p):
    """The points, and the middle of every side of the triangles between them."""
    corners = Delaunay(p).simplices
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    sides = np.unique(np.sort(sides, axis=1), axis=0)
    return np.concatenate([p, p[sides].mean(axis=1)])


thousand = denser(denser(x))
dense = {f"{len(p):,} points": p for p in (thousand, denser(thousand))}
plots.show(plots.compare(close_up, dense))
# ALT The astronaut's face under about a thousand yellow points, and under nearly four thousand: the second
# ALT is almost a closed surface.

# %% [markdown]
# ## What people build on it
#
# | application | what the points give |
# |---|---|
# | expression recognition | how far the brows rise, the lids close, the mouth corners lift |
# | face editing and swapping | a mesh of triangles, to be warped or exchanged |
# | make-up, "beauty" filters | where lips, lids and brows begin and end |
# | 3D reconstruction | the pose of the head, and a first guess at its shape |
# | recognition | a face turned upright before it is compared |
# | driver monitoring | blinks, yawns, and where the head points |
#
# Lipstick, for example, is a polygon: fill the outline of the lips (points 48 to 59), leave out the gap
# between them (60 to 67), and mix in some colour.

# %% [markdown] lang="zh"
# ## 关键点的应用
#
# | 应用 | 关键点提供什么 |
# |---|---|
# | 表情识别 | 眉毛抬起多少、眼睑闭合多少、嘴角上扬多少 |
# | 人脸编辑与换脸 | 可以变形或替换的三角网格 |
# | 人脸美妆、美颜滤镜 | 嘴唇、眼睑和眉毛的边界 |
# | 三维重建 | 头部姿态，以及头部形状的初始估计 |
# | 人脸识别 | 比对之前先把人脸摆正 |
# | 驾驶员监测 | 眨眼、打哈欠、头的朝向 |
#
# 以口红为例，它就是一个多边形：填充嘴唇外轮廓（48 到 59 号点），除去两唇之间的空隙（60 到 67 号点），再混入一
# 些颜色。


# %%
def inside(image, polygon):
    """The pixels of an image inside a polygon (K, 2); polygon2mask wants rows (y) before columns (x)."""
    return polygon2mask(image.shape[:2], polygon[:, ::-1])


lips = inside(close_up, x[48:60]) & ~inside(close_up, x[60:68])
painted = close_up.copy()
painted[lips] = 0.6 * close_up[lips] + 0.4 * np.array([170, 0, 60])
plots.show(plots.faces_grid([close_up, painted], titles=["before", "after"], columns=2))
# ALT The astronaut's face twice: as photographed, and with lips of a bright pinkish red.

# %% [markdown]
# ### Exercise 3 ★★★ (open)
#
# Invent a filter of your own: darker brows, eye shadow, a red nose, spectacles. Write a function that takes
# an image and its points (68, 2) and returns a painted copy. The check asks only that the picture keeps its
# shape and its type (`uint8`), that something changes, and that your paint moves with the face. Mind the
# order: a pixel is `image[y, x]`, a point is $x$ before $y$.

# %% [markdown] lang="zh"
# ### 练习 3 ★★★（开放）
#
# 自己设计一个滤镜：加深眉毛、眼影、红鼻子、眼镜。写一个函数，输入图像及其关键点 (68, 2)，返回绘制后的副本。检
# 查只要求图像的形状和类型（`uint8`）不变、确有变化，并且绘制内容随人脸移动。注意顺序：像素是 `image[y, x]`，
# 点是 $x$ 在 $y$ 之前。


# %% tags=["exercise"]
def paint(image, p):
    """A copy of the image, painted."""
    # SOLUTION
    painted, thickness = image.copy(), (0, 0.04 * np.ptp(p[:, 0]))
    for brow in (p[17:22], p[22:27]):
        mask = inside(image, np.concatenate([brow, brow[::-1] + thickness]))
        painted[mask] = 0.3 * image[mask] + 0.7 * np.array([40, 20, 10])
    return painted
    # END SOLUTION
    # STUB return ...


# %%
check.paint(paint)

# %%
yours = check.ready(paint)
small = [yours(faces.images[i], faces.points[i]) for i in range(3)]
plots.show(plots.faces_grid([yours(close_up, x), *small], columns=4))
# ALT The astronaut and three synthetic faces, painted by the same function.

# %% [markdown]
# ## Notation
#
# All notebooks write the same letters for the same things.
#
# | symbol | what it is | in code |
# |---|---|---|
# | $I$ | an image | `image`, (H, W, 3) |
# | $N$, $i$ | how many faces; one of them | `len(faces)` |
# | $L = 68$, $l$ | how many landmarks; one of them | |
# | $x$ | a face's points in a picture, $(x_1, y_1, \dots, x_L, y_L)$: $2L = 136$ numbers | `points` |
# | $S$, $\bar{S}$ | a shape; the mean shape | (68, 2) |
# | $x^*$, $S^*$ | the truth, that is, what was annotated | `truth` |
# | $t = 1 \dots T$ | the stage of a cascade; $S^t$ is the shape after it, $S^0$ the first | `stages=` |
# | $\Delta S$, $r_t$, $\phi$ | the update of a stage; its regressor; the features it sees | |
# | $P$, $b$, $\lambda$ | components of a shape model, coefficients of a shape, eigenvalues (variances) | |
# | $\mathcal{T}$ | a similarity: position, scale, rotation | `transform`, (2, 3) |
# | $d$ | the normaliser: the inter-ocular distance unless said otherwise | `norm=` |
# | $e_i$, $\tau$ | the error of a face, a fraction of $d$; the threshold of a failure | `threshold=` |
#
# ## The way ahead
#
# | notebook | what it is about |
# |---|---|
# | 00 start here | you are here |
# | [01 measuring error](01_measuring_error.ipynb) | how good a method is, and when such a number misleads |
# | [02 shape models](02_shape_models.ipynb) | Procrustes, point distribution models, ASM, AAM; with sliders |
# | [03 cascaded regression](03_cascaded_regression.ipynb) | CPR, ESR, SDM, LBF: to the face in stages |
# | [04 dlib, 68 points](04_dlib_68_points.ipynb) | train regression trees; annotate your own photographs |
# | [05 preparing data](05_preparing_data.ipynb) | data sets; crop, normalise, split by person, TFRecords |
# | [06 convolutional regression](06_convolutional_regression.ipynb) | DCNN, Face++, TCDCN, MTCNN and more |
# | [07 heatmaps](07_heatmaps.ipynb) | FAN, DAN, PIPNet: a map for each point |
# | [08 three dimensions](08_three_dimensions.ipynb) | fit a 3D face: pose, 3DDFA, PRNet, DenseReg |
# | [09 squeeze and excitation](09_squeeze_and_excitation.ipynb) | what SENet adds to a network, and why |
# | [10 training SENet](10_training_senet.ipynb) | the whole recipe, from data to checkpoint |
# | [11 the comparison](11_the_comparison.ipynb) | every method on one leaderboard |
# | [12 freezing and deploying](12_freezing_and_deploying.ipynb) | one file, same output, in milliseconds |
# | [13 compare live](13_compare_live.ipynb) | dlib beside SENet, on your photograph or webcam |
# | [14 challenges](14_challenges.ipynb) | light, pose, expression, occlusion, density: remedies, tested |
# | [15 what people build](15_what_people_build.ipynb) | blinks, head pose, make-up, face swap, smoothing |
#
# Each notebook is built like this one: a few lines of text, a few lines of code, a picture.
#
# ## Questions
#
# 1. You want to know whether a driver blinks. How many points do you need, and which?
# 2. A make-up filter works in the mirror and fails in profile. Which points mislead it, 2D or 3D ones, and
#    why?
# 3. Two people annotate the same face. At which of the 68 points will they differ most?
#
# Answer them yourself, or in pairs, before you unfold:
#
# <details><summary>Answers</summary>
#
# **1.** The lids: two points above and two below each eye give its height, the two corners its width. The
# height divided by the width does not depend on how near the camera is.
#
# **2.** The 2D points of the far cheek: they follow the visible contour, so the paint slides over the skin as
# the head turns. 3D points stay on their spot, but some are occluded: what lies there must not be painted.
#
# **3.** Along the jaw, which has no corners: its points can slide along the contour. Least at the corners of
# eyes and mouth.
#
# </details>
#
# ## Common mistakes
#
# - rows and columns exchanged: `image[y, x]`, but a point is $x$ before $y$; OpenCV's BGR taken for RGB;
# - MATLAB's 37 and 46 for Python's 36 and 45; the person's left taken for the picture's;
# - points of a crop compared with points of the photograph: map them back by the transform first.
#
# ## Key points
#
# - Detection gives a **box**; alignment starts from the box and gives **points**.
# - An annotation scheme (mark-up) fixes how many points there are and what each number means. This course
#   uses 68, in five regions.
# - Small schemes can mostly be computed from large ones; the other way round one has to estimate.
# - 2D points follow the visible contour; 3D points stay on the same spot of the head.
# - Images are RGB `uint8`; points are `float32` pixels, $x$ before $y$; boxes are left, top, right, bottom.
#
# ## Go further
#
# - C. Sagonas, G. Tzimiropoulos, S. Zafeiriou, M. Pantic, [*300 Faces in-the-Wild Challenge: The First
#   Facial Landmark Localization Challenge*](https://doi.org/10.1109/ICCVW.2013.59), ICCV workshops 2013:
#   read it for how the 68 points became the standard.
# - V. Kazemi, J. Sullivan, [*One Millisecond Face Alignment with an Ensemble of Regression
#   Trees*](https://doi.org/10.1109/CVPR.2014.241), CVPR 2014: how dlib does it.
# - A. Bulat, G. Tzimiropoulos, [*How Far Are We from Solving the 2D & 3D Face Alignment
#   Problem?*](https://doi.org/10.1109/ICCV.2017.116), ICCV 2017: what changes when the same faces get 3D
#   points.
# - X. Jin, X. Tan, [*Face Alignment In-the-Wild: A Survey*](https://doi.org/10.1016/j.cviu.2017.08.008),
#   Computer Vision and Image Understanding, 2017: the methods of notebooks 02 to 07 on one map.
# - N. Wang, X. Gao, D. Tao, H. Yang, X. Li, [*Facial Feature Point Detection: A Comprehensive
#   Survey*](https://doi.org/10.1016/j.neucom.2017.05.013), Neurocomputing, 2018: its tables of data sets.

# %% [markdown] lang="zh"
# ## 符号
#
# 所有 notebook 对同一事物使用同一字母。
#
# | 符号 | 含义 | 代码中 |
# |---|---|---|
# | $I$ | 图像 | `image`, (H, W, 3) |
# | $N$, $i$ | 人脸数；其中一张 | `len(faces)` |
# | $L = 68$, $l$ | 关键点数；其中一个 | |
# | $x$ | 图像中一张脸的点，$(x_1, y_1, \dots, x_L, y_L)$：$2L = 136$ 个数 | `points` |
# | $S$, $\bar{S}$ | 形状；平均形状 | (68, 2) |
# | $x^*$, $S^*$ | 真值，即标注 | `truth` |
# | $t = 1 \dots T$ | 级联的级；$S^t$ 是该级之后的形状，$S^0$ 是初始形状 | `stages=` |
# | $\Delta S$, $r_t$, $\phi$ | 一级的更新量；它的回归器；它所用的特征 | |
# | $P$, $b$, $\lambda$ | 形状模型的主成分、一个形状的系数、特征值（方差） | |
# | $\mathcal{T}$ | 相似变换：位置、尺度、旋转 | `transform`, (2, 3) |
# | $d$ | 归一化因子：除非另有说明，为两外眼角间距离 | `norm=` |
# | $e_i$, $\tau$ | 一张脸的误差，以 $d$ 为单位；判为失败的阈值 | `threshold=` |
#
# ## 课程路线
#
# | notebook | 内容 |
# |---|---|
# | 00 从这里开始 | 你在这里 |
# | [01 误差的衡量](01_measuring_error.ipynb) | 一种方法有多好，这样的数值何时会误导人 |
# | [02 形状模型](02_shape_models.ipynb) | Procrustes、点分布模型、ASM、AAM；带滑块 |
# | [03 级联回归](03_cascaded_regression.ipynb) | CPR、ESR、SDM、LBF：逐级逼近人脸 |
# | [04 dlib 的 68 点](04_dlib_68_points.ipynb) | 训练回归树；标注自己的照片 |
# | [05 数据准备](05_preparing_data.ipynb) | 数据集；裁剪、归一化、按人划分、TFRecord |
# | [06 卷积回归](06_convolutional_regression.ipynb) | DCNN、Face++、TCDCN、MTCNN 等 |
# | [07 热图](07_heatmaps.ipynb) | FAN、DAN、PIPNet：每个点一张图 |
# | [08 三维](08_three_dimensions.ipynb) | 拟合 3D 人脸：姿态、3DDFA、PRNet、DenseReg |
# | [09 压缩与激励](09_squeeze_and_excitation.ipynb) | SENet 给网络增加了什么，为什么 |
# | [10 训练 SENet](10_training_senet.ipynb) | 从数据到检查点的完整方案 |
# | [11 方法比较](11_the_comparison.ipynb) | 所有方法在同一张排行榜上 |
# | [12 模型固化与部署](12_freezing_and_deploying.ipynb) | 一个文件，同样的输出，毫秒级 |
# | [13 实时对比](13_compare_live.ipynb) | 在你的照片或摄像头上对比 dlib 与 SENet |
# | [14 挑战](14_challenges.ipynb) | 光照、姿态、表情、遮挡、稠密点：对策及其检验 |
# | [15 应用](15_what_people_build.ipynb) | 眨眼、头部姿态、人脸美妆、换脸、平滑 |
#
# 每个 notebook 都与这一个结构相同：几行文字，几行代码，一张图。
#
# ## 思考题
#
# 1. 你想知道驾驶员是否眨眼。需要多少个点，哪些点？
# 2. 一个美妆滤镜对着镜子时正常，转成侧脸就失效。误导它的是 2D 点还是 3D 点，为什么？
# 3. 两个人标注同一张脸。68 个点中，他们在哪些点上差别最大？
#
# 先自己或两人一组作答，再展开：
#
# <details><summary>参考答案</summary>
#
# **1.** 眼睑：每只眼睛上下各两个点给出高度，两个眼角给出宽度。高度除以宽度，与相机远近无关。
#
# **2.** 远侧脸颊的 2D 点：它们沿可见轮廓移动，头转动时妆容便在皮肤上滑动。3D 点留在原处，但有些被遮挡：那里的
# 东西不应再画。
#
# **3.** 下颌一线，因为那里没有角点，标注可以沿轮廓滑动。差别最小的是眼角和嘴角。
#
# </details>
#
# ## 常见错误
#
# - 行列颠倒：像素是 `image[y, x]`，点却是 $x$ 在 $y$ 之前；把 OpenCV 的 BGR 当作 RGB；
# - 把 MATLAB 的 37 和 46 当作 Python 的 36 和 45；把人物自身的左当作画面的左；
# - 把裁剪图中的点与照片中的点直接比较：应先用变换映射回去。
#
# ## 要点
#
# - 检测给出**人脸框**；对齐从框出发，给出**关键点**。
# - 标注方案（mark-up）规定点的个数和每个编号的含义。本课程使用 68 点，分五个区域。
# - 点数少的方案大多可由点数多的算出；反过来则只能估计。
# - 2D 点沿可见轮廓；3D 点留在头部的同一位置。
# - 图像为 RGB `uint8`；点为 `float32` 像素坐标，$x$ 在 $y$ 之前；框为左、上、右、下。
#
# ## 延伸阅读
#
# - C. Sagonas, G. Tzimiropoulos, S. Zafeiriou, M. Pantic, [*300 Faces in-the-Wild Challenge: The First
#   Facial Landmark Localization Challenge*](https://doi.org/10.1109/ICCVW.2013.59), ICCV workshops 2013：68
#   点如何成为标准。
# - V. Kazemi, J. Sullivan, [*One Millisecond Face Alignment with an Ensemble of Regression
#   Trees*](https://doi.org/10.1109/CVPR.2014.241), CVPR 2014：dlib 的方法。
# - A. Bulat, G. Tzimiropoulos, [*How Far Are We from Solving the 2D & 3D Face Alignment
#   Problem?*](https://doi.org/10.1109/ICCV.2017.116), ICCV 2017：同样的人脸换成 3D 点之后有何变化。
# - X. Jin, X. Tan, [*Face Alignment In-the-Wild: A Survey*](https://doi.org/10.1016/j.cviu.2017.08.008),
#   Computer Vision and Image Understanding, 2017：把 notebook 02 到 07 的方法放在一张图上。
# - N. Wang, X. Gao, D. Tao, H. Yang, X. Li, [*Facial Feature Point Detection: A Comprehensive
#   Survey*](https://doi.org/10.1016/j.neucom.2017.05.013), Neurocomputing, 2018：其中的数据集表格。
